"use strict";
// A movie that plays, with marks around events: in the report of events and in the book.

/* Elements: frame (img), marks (svg in the movie's pixels), time (range input), play (button), now (output), keys (the
   element within which keys are heard). address(t): the picture of a frame. first: the movie's own number of the frame
   at the left end. marksAt(t): what is marked, each with t, y, x, colour, text and square. drawn(t): called after each
   frame. */
function moviePlayer({ frame, marks, time, play, now, keys, address, first = 0, hours, radius, marksAt,
                       drawn = () => {} }) {
  const SECONDS = 0.2;  // a frame, while the movie plays
  const SVG = "http://www.w3.org/2000/svg";
  const last = Number(time.max);
  let timer = null;

  function marked(event, t) {
    const mark = document.createElementNS(SVG, event.square ? "rect" : "circle");
    const title = document.createElementNS(SVG, "title");
    title.textContent = event.text;
    const [x, y] = [event.x + 0.5, event.y + 0.5];  // a pixel's middle
    const shape = event.square ? { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }
      : { cx: x, cy: y, r: radius };
    for (const [name, value] of Object.entries(shape)) mark.setAttribute(name, value);
    mark.setAttribute("stroke", event.colour);
    if (event.t !== t) mark.setAttribute("class", "beside");
    mark.append(title);
    return mark;
  }

  function draw() {
    const t = first + Number(time.value);
    frame.src = address(t);
    frame.alt = `Frame ${t} of the movie`;
    now.textContent = `frame ${t}${hours ? `, ${(t * hours).toFixed(1)} h` : ""}`;
    time.setAttribute("aria-valuetext", now.textContent);
    marks.replaceChildren(...marksAt(t).map(event => marked(event, t)));
    drawn(t);
  }

  function show(t) {
    time.value = Math.min(Math.max(t - first, 0), last);
    draw();
  }

  function playing(on) {
    clearInterval(timer);
    const next = () => show(first + (Number(time.value) >= last ? 0 : Number(time.value) + 1));
    timer = on ? setInterval(next, 1000 * SECONDS) : null;
    play.textContent = on ? "Pause" : "Play";
  }

  function stopAt(t) {
    playing(false);
    show(t);
  }

  time.addEventListener("input", () => { playing(false); draw(); });
  play.addEventListener("click", () => playing(timer === null));
  keys.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const own = event.target.closest("input, button, a, [tabindex]");  // which have keys of their own
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && (!own || own === play || own === keys || own.matches("a"))) {
      stopAt(first + Number(time.value) + step);
    } else if (event.key === " " && (!own || own === time || own === keys)) {
      playing(timer === null);
    } else {
      return;
    }
    event.preventDefault();
  });

  return { draw, stopAt };
}
