// What every page does where it is read: on a screen, on paper, from a disk.
(() => {
  // Nobody has chosen light or dark yet: follow the reader's system, as the theme does, but without its console error.
  const page = document.documentElement.dataset;
  page.mode ||= "auto";

  // On paper every page is light; back on the screen it is as it was.
  let onScreen = null;
  addEventListener("beforeprint", () => {
    onScreen = page.theme;
    page.theme = "light";
  });
  addEventListener("afterprint", () => {
    page.theme = onScreen;
  });

  // The theme's arrow beside a page with pages below it has no name.
  addEventListener("DOMContentLoaded", () => {
    for (const arrow of document.querySelectorAll(".bd-sidebar summary")) arrow.setAttribute("aria-label", "The pages below");
  });

  // Search shows an extract of every page that it lists, but a page from a disk may not read others.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
})();
