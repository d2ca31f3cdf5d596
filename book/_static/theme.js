// The theme knows light and dark. Nobody has chosen yet: follow the reader's system, as the theme does, but without its
// error in the console. On paper every page is light, and back on the screen it is as it was.
(() => {
  const page = document.documentElement.dataset;
  page.mode ||= "auto";

  let onScreen = null;
  addEventListener("beforeprint", () => {
    onScreen = page.theme;
    page.theme = "light";
  });
  addEventListener("afterprint", () => {
    page.theme = onScreen;
  });
})();
