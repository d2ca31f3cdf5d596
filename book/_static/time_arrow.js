// The picture of the first page: six frames of a dividing cell become two films, one of which runs backwards.
"use strict";

const MILLISECONDS = 450; // a frame

function play(figure) {
  const still = figure.querySelector("img");
  const game = figure.querySelector(".tapnb-arrow-game");
  const choices = [...game.querySelectorAll(".tapnb-arrow-films button")];
  const pause = game.querySelector(".tapnb-arrow-pause");
  const answer = game.querySelector("[role=status]");
  const side = still.naturalHeight;
  const frames = still.naturalWidth / side;
  const forwards = Math.random() < 0.5 ? 0 : 1;
  let shown = 0;
  let paused = false;

  function draw() {
    choices.forEach((choice, which) => {
      const frame = which === forwards ? shown : frames - 1 - shown;
      choice.querySelector("canvas").getContext("2d").drawImage(still, frame * side, 0, side, side, 0, 0, side, side);
    });
  }

  function step() {
    if (paused) return;
    shown = (shown + 1) % frames;
    draw();
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Play" : "Pause";
  });
  choices.forEach((choice, which) =>
    choice.addEventListener("click", () => {
      choices.forEach((other, i) => other.classList.toggle("tapnb-forwards", i === forwards));
      answer.textContent =
        (which === forwards ? "Correct: " : "No, that one runs backwards: ") + "one cell becomes two, never two one.";
      still.hidden = false;
    })
  );
  still.hidden = true;
  game.hidden = false;
  draw();
  setInterval(step, MILLISECONDS);
}

function begin() {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return; // the still says the same
  for (const figure of document.querySelectorAll(".tapnb-arrow")) {
    const still = figure.querySelector("img");
    if (still.complete && still.naturalWidth) play(figure);
    else still.addEventListener("load", () => play(figure), { once: true });
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
