"use strict";
// The report of events: frames, rings, threshold and table. Everything it needs is in the page's own JSON.
(() => {
  const get = id => document.getElementById(id);
  const data = JSON.parse(get("data").textContent);
  const SECONDS = 0.2;  // a frame, while the movie plays
  const time = get("time"), least = get("least"), play = get("play");
  const boxes = [...document.querySelectorAll("input[data-kind]")];
  const rows = [...document.querySelectorAll("tr[data-event]")];
  const last = data.frames.length - 1;
  let timer = null;

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
    draw();
  }

  // The frame and its rings

  function draw() {
    const t = Number(time.value);
    const hours = data.hours ? `, ${(t * data.hours).toFixed(1)} h` : "";
    get("frame").src = data.type + data.frames[t];
    get("frame").alt = `Frame ${t} of the movie`;
    get("now").textContent = `frame ${t}${hours}`;
    const rings = data.events.filter(event => Math.abs(event.t - t) <= 1 && shown(event)).map(event => {
      const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = `${event.kind} ${event.value.toFixed(2)}, frame ${event.t}`;
      ring.setAttribute("cx", event.x + 0.5);  // a pixel's middle
      ring.setAttribute("cy", event.y + 0.5);
      ring.setAttribute("r", data.radius);
      ring.setAttribute("stroke", data.colours[event.kind]);
      if (event.t !== t) ring.setAttribute("class", "beside");
      ring.append(title);
      return ring;
    });
    get("rings").replaceChildren(...rings);
    for (const row of rows) row.classList.toggle("now", data.events[row.dataset.event].t === t);
  }

  function show(t) {
    time.value = Math.min(Math.max(t, 0), last);
    draw();
  }

  function playing(on) {
    clearInterval(timer);
    const next = () => show(Number(time.value) >= last ? 0 : Number(time.value) + 1);
    timer = on ? setInterval(next, 1000 * SECONDS) : null;
    play.textContent = on ? "Pause" : "Play";
  }

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

  // Whoever clicks, drags or presses a key

  time.addEventListener("input", () => { playing(false); draw(); });
  least.addEventListener("input", filter);
  boxes.forEach(box => box.addEventListener("change", filter));
  play.addEventListener("click", () => playing(timer === null));
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-t]"), heading = event.target.closest("th button");
    if (link) { playing(false); show(Number(link.dataset.t)); }  // its address, #movie, brings the movie into view
    if (heading) sort(heading.closest("th"));
  });
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const own = event.target.closest("input, button, a, [tabindex]");  // which have keys of their own
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && (!own || own === play || own.matches("a"))) {
      playing(false);
      show(Number(time.value) + step);
    } else if (event.key === " " && (!own || own === time)) {
      playing(timer === null);
    } else {
      return;
    }
    event.preventDefault();
  });

  filter();
})();
