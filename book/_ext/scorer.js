// Sphinx puts this into language_data.js, behind its own Scorer: the page whose title is asked for comes first, the page that
// explains before its notebook, and before names of the program that share a word with it, unless a name is what is asked for.
// The page that tells how to install has another title.
Scorer.score = (result) => {
  const [page, title, anchor, , score] = result;
  const asked = (new URLSearchParams(location.search).get("q") ?? "").trim();
  if (page.startsWith("book/executed/")) {
    result[1] = `Notebook: ${title}`;  // else a page and its notebook look the same
    return score - 5;
  }
  if (/^install/i.test(asked) && page === "book/how-to-rerun") return score + 20;
  if (page.startsWith("book/api")) return /[._]|[a-z][A-Z]/.test(asked) ? score : score - 50;
  const [said, words] = [title.toLowerCase(), asked.toLowerCase()];
  return anchor || !said.includes(words) ? score : score + (said === words ? 100 : 20);
};
