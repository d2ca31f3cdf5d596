// The confusion matrix whose threshold is a slider and whose cells open their crops.
"use strict";

(() => {
  const CELLS = ["tn", "fp", "fn", "tp"]; // 2 * label + called

  const number = (value, digits) => value.toFixed(digits).replace("-", "\u2212");

  // A margin of tens is a probability that is rounded to 0 or 1: then the margin says more.
  function probability(margin) {
    const p = 1 / (1 + Math.exp(-margin));
    return p > 0.0005 && p < 0.9995 ? number(p, 3) : p < 0.5 ? "0.000\u2026" : "0.999\u2026";
  }

  function begin(figure) {
    const find = (selector) => figure.querySelector(selector);
    const data = JSON.parse(find("script").textContent);
    const slider = find("input[type=range]");
    const said = find(".tapnb-confusion-said");
    const point = find("circle");
    const caption = find("caption");
    const total = caption.textContent.replace(/ at a probability.*/, "");
    const cells = Object.fromEntries(CELLS.map((cell) => [cell, find(`[data-cell=${cell}]`)]));
    const sheet = find(".tapnb-confusion-sheet");
    const list = find(".tapnb-confusion-list");
    const events = [...data.labels].filter((label) => label === "1").length;
    let open = sheet ? "fp" : null; // the cell whose crops are shown

    const threshold = () => data.thresholds[Number(slider.value)];
    const cellOf = (pair) => CELLS[2 * Number(data.labels[pair]) + Number(data.margins[pair] > threshold())];

    function count() {
      const counts = { tn: 0, fp: 0, fn: 0, tp: 0 };
      data.margins.forEach((_, pair) => (counts[cellOf(pair)] += 1));
      return counts;
    }

    function draw() {
      const counts = count();
      const actual = { tn: counts.tn + counts.fp, fp: counts.tn + counts.fp, fn: events, tp: events };
      for (const cell of CELLS) {
        const share = actual[cell] ? counts[cell] / actual[cell] : 0;
        cells[cell].style.setProperty("--share", share.toFixed(3));
        cells[cell].querySelector("strong").textContent = counts[cell];
        cells[cell].querySelector("small").textContent = `${number(100 * share, 1)} % of ${actual[cell]}`;
        cells[cell].querySelector("button").setAttribute("aria-pressed", String(cell === open));
      }
      const called = counts.fp + counts.tp;
      const recall = events ? counts.tp / events : 0;
      const precision = called ? counts.tp / called : null;
      point.setAttribute("cx", data.wide * recall);
      point.setAttribute("cy", data.high * (1 - (precision ?? 1)));
      const margin = number(threshold(), 1);
      const above = `above a probability of ${probability(threshold())} (difference of the logits ${margin})`;
      slider.setAttribute("aria-valuetext", `event ${above}`);
      caption.textContent = `${total}; an event is called ${above}`;
      for (const button of figure.querySelectorAll("[data-position]"))
        button.setAttribute("aria-pressed", String(data[button.dataset.position] === Number(slider.value)));
      const opened = open && sheet ? show(counts) : "";
      said.textContent =
        `${called} pairs are called events: precision ${precision === null ? "none" : number(precision, 2)}, ` +
        `recall ${number(recall, 2)}. ${opened}`;
    }

    // Crops of the open cell, the surest first: what changes sides at the threshold stands at the end.
    function show(counts) {
      const { pairs, places, size, gap, columns } = data.crops;
      const own = pairs.map((pair, tile) => ({ pair, tile })).filter(({ pair }) => cellOf(pair) === open);
      own.sort((a, b) => Math.abs(data.margins[b.pair] - threshold()) - Math.abs(data.margins[a.pair] - threshold()));
      list.firstElementChild.replaceChildren(
        ...own.map(({ pair, tile }) => {
          const [t, y, x] = places[tile];
          const canvas = document.createElement("canvas");
          const wide = 2 * size + gap;
          canvas.width = wide;
          canvas.height = size;
          const from = [(tile % columns) * wide, Math.floor(tile / columns) * size];
          canvas.getContext("2d").drawImage(sheet, ...from, wide, size, 0, 0, wide, size);
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", `frames ${t} and ${t + 1}, y ${y}, x ${x}`);
          const text = document.createElement("span");
          text.textContent = `frame ${t}, ${number(data.margins[pair], 1)}`;
          const item = document.createElement("li");
          item.append(canvas, text);
          return item;
        })
      );
      const what = data.names[open];
      list.hidden = own.length === 0;
      find(".tapnb-confusion-crops").hidden = false;
      const sentence = counts[open]
        ? `Shown: ${own.length} of ${counts[open]} ${what}, the surest first.`
        : `There are no ${what} at this threshold.`;
      const below = own.length ? " Left frame t, right t + 1; below, t and the difference of the logits." : "";
      find(".tapnb-confusion-open").textContent = `${what[0].toUpperCase()}${what.slice(1)}.${below}`;
      return sentence;
    }

    for (const cell of CELLS) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cells[cell].childNodes, document.createElement("br"), document.createElement("small"));
      cells[cell].append(button);
      button.disabled = !sheet;
      button.addEventListener("click", () => {
        open = open === cell ? null : cell;
        if (open === null) find(".tapnb-confusion-crops").hidden = true;
        draw();
      });
    }
    slider.addEventListener("input", draw);
    for (const button of figure.querySelectorAll("[data-position]"))
      button.addEventListener("click", () => {
        slider.value = data[button.dataset.position];
        draw();
      });
    find(".tapnb-confusion-controls").hidden = false;
    const still = find(".tapnb-confusion-still");
    if (still) still.classList.add("tapnb-print-only");
    draw();
  }

  const beginAll = () => document.querySelectorAll(".tapnb-confusion").forEach(begin);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", beginAll);
  else beginAll();
})();
