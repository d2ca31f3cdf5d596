// Sphinx puts this into language_data.js, behind its own Scorer: the page that explains comes before its notebook, and before
// a name of the program that shares a word with it, unless that name is what is searched for.
Scorer.score = ([page, name, , , score]) => {
  if (page.startsWith("book/executed/")) return score - 5;
  const asked = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();
  const isName = /[._]/.test(asked) || name.toLowerCase().split(".").at(-1) === asked;
  return page.startsWith("book/api") && !isName ? score - 20 : score;
};
