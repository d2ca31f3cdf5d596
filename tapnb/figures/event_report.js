"use strict";
// The report of events: threshold and table around the movie that plays. Everything it needs is in the page's own JSON.
(() => {
  const get = id => document.getElementById(id);
  const data = JSON.parse(get("data").textContent);
  const least = get("least");
  const boxes = [...document.querySelectorAll("input[data-kind]")];
  const rows = [...document.querySelectorAll("tr[data-event]")];

  // Events that are ticked and sure enough

  function floor() {
    // At the left end the slider hides nothing, whatever was rounded.
    return least.value === "0" ? -Infinity : data.low + (data.high - data.low) * least.value / 200;
  }

  function shown(event) {
    return event.value >= floor() && boxes.some(box => box.checked && box.dataset.kind === event.kind);
  }

  function filter() {
    const visible = data.events.map(shown);
    for (const row of rows) row.hidden = !visible[row.dataset.event];
    get("floor").textContent = floor() === -Infinity ? "any" : floor().toFixed(2);
    get("count").textContent = `${visible.filter(Boolean).length} of ${data.events.length} shown`;
    movie.draw();
  }

  const movie = moviePlayer({
    frame: get("frame"), marks: get("rings"), time: get("time"), play: get("play"), now: get("now"), keys: document,
    address: t => data.type + data.frames[t], hours: data.hours, radius: data.radius,
    marksAt: t => data.events.filter(event => Math.abs(event.t - t) <= 1 && shown(event)).map(event => ({
      ...event, colour: data.colours[event.kind], text: `${event.kind} ${event.value.toFixed(2)}, frame ${event.t}` })),
    drawn: t => { for (const row of rows) row.classList.toggle("now", data.events[row.dataset.event].t === t); },
  });

  // The table

  function sort(heading) {
    const column = [...heading.parentNode.children].indexOf(heading);
    const up = heading.getAttribute("aria-sort") !== "ascending";
    const key = row => row.children[column].textContent.trim();
    const number = heading.classList.contains("number");
    const order = (a, b) => number ? (Number(a) - Number(b)) : a.localeCompare(b);
    const missing = row => number && !key(row);  // last, either way
    const body = heading.closest("table").tBodies[0];
    const sorted = [...rows].sort((a, b) => missing(a) - missing(b) || (up ? 1 : -1) * order(key(a), key(b)));
    for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...sorted);
  }

  // Whoever clicks or drags

  least.addEventListener("input", filter);
  boxes.forEach(box => box.addEventListener("change", filter));
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-t]"), heading = event.target.closest("th button");
    if (link) movie.stopAt(Number(link.dataset.t));  // its address, #movie, brings the movie into view
    if (heading) sort(heading.closest("th"));
  });

  filter();
})();
