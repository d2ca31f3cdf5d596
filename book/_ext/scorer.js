// Sphinx puts this into language_data.js, behind its own Scorer: the page that explains comes before its notebook.
Scorer.score = ([page, , , , score]) => (page.startsWith("book/executed/") ? score - 5 : score);
