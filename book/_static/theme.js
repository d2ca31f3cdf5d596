// The theme knows light and dark. Nobody has chosen yet: follow the reader's system, as the theme does, but without its
// error in the console. On paper every page is light, and back on the screen it is as it was.
(() => {
  const page = document.documentElement.dataset;
  page.mode ||= "auto";

  let onScreen = null;
  const toPaper = () => {
    onScreen ??= page.theme;
    page.theme = "light";
  };
  const toScreen = () => {
    if (onScreen) page.theme = onScreen;
    onScreen = null;
  };
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", toScreen);
  matchMedia("print").addEventListener("change", (paper) => (paper.matches ? toPaper() : toScreen()));
})();
