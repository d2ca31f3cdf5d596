// A tap, a click or Enter on a plot or picture opens it large; Escape, a click or its button closes it again.
// No module: browsers load modules from a server only, and the book is read from a folder as well.
(() => {
  "use strict";

  const PICTURES = ".bd-article img.tapnb-plot, .bd-article .tapnb-step img, .bd-article .cell_output img";
  let dialog = null;

  function makeDialog() {
    dialog = document.createElement("dialog");
    dialog.className = "tapnb-large";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    const box = document.createElement("div");
    box.tabIndex = 0;  // so that arrow keys move about in it
    box.setAttribute("role", "group");
    dialog.append(close, box);
    dialog.addEventListener("click", () => dialog.close());
    document.body.append(dialog);
  }

  /** Open a picture; of a plot the wide drawing, also on a phone, which shows the narrow one. */
  function open(picture) {
    if (!dialog) makeDialog();
    const copy = new Image();
    copy.src = picture.src;
    copy.alt = picture.alt;
    const box = dialog.querySelector("div");
    box.setAttribute("aria-label", picture.alt);
    box.replaceChildren(copy);
    dialog.setAttribute("aria-label", "Enlarged picture");
    dialog.showModal();
  }

  addEventListener("DOMContentLoaded", () => {
    for (const picture of document.querySelectorAll(PICTURES)) {
      if (picture.closest("a, button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tapnb-enlarge";
      button.title = "Enlarge";
      const shown = picture.closest("picture") ?? picture;
      shown.replaceWith(button);
      button.append(shown);
      button.addEventListener("click", () => open(picture));
    }
  });
})();
