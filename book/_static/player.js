// The player of a movie in the book: what movie_player.js plays, with its layers.
"use strict";

(() => {
  const TYPE = "data:image/webp;base64,";

  function begin(figure) {
    const find = (selector) => figure.querySelector(selector);
    const data = JSON.parse(find("script").textContent);
    const least = find(".tapnb-least");
    const heat = find(".tapnb-heat");
    const play = find(".tapnb-play");
    const status = find("[role=status]");
    const radios = [...figure.querySelectorAll("input[type=radio]")];

    const floor = () => Number(least.value) / 100;
    const ticked = (layer) => find(`[data-layer=${layer}]`)?.checked;
    const shown = (event) => ticked(event.layer) && (event.layer === "labelled" || event.value >= floor());
    const chosenHeat = () => radios.find((radio) => radio.checked)?.value ?? "";

    // Which frames have a map of the chosen kind
    const warm = (kind) => Object.keys(data.heat[kind] ?? {}).map(Number);

    function drawn(t) {
      const kind = chosenHeat();
      const map = kind && data.heat[kind][t];
      heat.hidden = !map;
      if (map) heat.src = TYPE + map;
      if (least) find(".tapnb-floor").textContent = floor().toFixed(2);
      status.setAttribute("aria-live", play.textContent === "Pause" ? "off" : "polite"); // nobody wants to hear every frame
      const here = data.events.filter((event) => event.t === t && shown(event));
      const count = (layer) => here.filter((event) => event.layer === layer).length;
      const said = [];
      if (ticked("labelled")) said.push(`${count("labelled")} labelled`);
      if (ticked("found")) said.push(`${count("found")} found`);
      const events = said.length ? `Events of frame ${t}: ${said.join(", ")}.` : `Frame ${t}.`;
      const range = warm(kind);
      status.textContent =
        events + (kind && !map ? ` Grad-CAM is there for frames ${range[0]} to ${range[range.length - 1]}.` : "");
    }

    const movie = moviePlayer({
      frame: find(".tapnb-frame"), marks: find("svg"), time: find("input[aria-label=Frame]"), play,
      now: find(".tapnb-now"), keys: figure, first: data.first, hours: data.hours, radius: data.radius,
      address: (t) => TYPE + data.frames[t - data.first],
      marksAt: (t) =>
        data.events.filter((event) => Math.abs(event.t - t) <= 1 && shown(event)).map((event) => ({
          ...event,
          square: event.layer === "found",
          colour: data.colours[event.kind],
          text: [`${event.layer} ${event.kind}`, `frame ${event.t}`]
            .concat("value" in event ? [`${data.measure} ${event.value.toFixed(2)}`] : []).join(", "),
        })),
      drawn,
    });

    for (const box of figure.querySelectorAll("input[type=checkbox]")) box.addEventListener("change", movie.draw);
    if (least) least.addEventListener("input", movie.draw);
    for (const radio of radios)
      radio.addEventListener("change", () => {
        const now = data.first + Number(find("input[aria-label=Frame]").value);
        const frames = warm(radio.value);
        if (frames.length && !frames.includes(now)) movie.stopAt(frames[0]);
        else movie.draw();
      });
    find(".tapnb-player-controls").hidden = false;
    movie.draw();
  }

  const beginAll = () => document.querySelectorAll(".tapnb-player").forEach(begin);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", beginAll);
  else beginAll();
})();
