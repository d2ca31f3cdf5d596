// What is wider than its frame, such as a table on a phone, fades out towards what is still hidden: so a reader sees that
// there is more. Without this script the frame is moved about all the same.
// No module: browsers load modules from a server only, and the book is read from a folder as well.
(() => {
  "use strict";

  const FRAMES = [".tapnb-scroll", ".pst-scrollable-table-container", ".cell_output .output.text_html"];  // the second: the theme's

  function mark(frame) {
    const hidden = frame.scrollWidth - frame.clientWidth - frame.scrollLeft;
    frame.classList.toggle("tapnb-more", hidden > 2);  // pixels: a zoomed page rounds
  }

  addEventListener("DOMContentLoaded", () => {
    for (const frame of document.querySelectorAll(FRAMES.map((one) => `.bd-article ${one}`))) {
      frame.addEventListener("scroll", () => mark(frame), { passive: true });
      // Tells of the first sizes as well, and of those that a frame has once its tab is opened.
      const sizes = new ResizeObserver(() => mark(frame));
      for (const part of [frame, ...frame.children]) sizes.observe(part);
    }
  });
})();
