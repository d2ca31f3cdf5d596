// Sphinx puts this into language_data.js, behind its own Scorer: the page whose title is asked for comes first, the page that
// explains before its notebook, and before names of the program that share a word with it, unless a name is what is asked for.
Scorer.score = ([page, title, anchor, , score]) => {
  const asked = (new URLSearchParams(location.search).get("q") ?? "").trim();
  if (page.startsWith("book/executed/")) return score - 5;
  if (page.startsWith("book/api")) return /[._]|[a-z][A-Z]/.test(asked) ? score : score - 50;
  return !anchor && title.toLowerCase().includes(asked.toLowerCase()) ? score + 20 : score;
};
