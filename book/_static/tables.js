// Tables of results are sorted by their headings: up, down, as published. Without this script they stand as published.
// Those of executed notebooks come as pandas writes them, and get the link to their file here as well.
// No module: browsers load modules from a server only, and the book is read from a folder as well.
(() => {
  "use strict";

  const SECONDS = { "ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600 };
  const NUMBER = /^([-\u2212+]?)(\d[\d\u202f,]*(?:\.\d+)?(?:e[-+]?\d+)?)(?=$|[\s\u202f%(±])/i;
  const collator = new Intl.Collator("en", { numeric: true });

  /** The number that a text begins with, such as 0.71 of "0.71 ± 0.03", times in seconds; NaN if it begins with none. */
  function numberOf(text) {
    const parts = NUMBER.exec(text);
    if (!parts) return NaN;
    const [unit] = /^\p{Letter}*/u.exec(text.slice(parts[0].length).trimStart());
    return Number(parts[2].replace(/[\u202f,]/g, "")) * (/[-\u2212]/.test(parts[1]) ? -1 : 1) * (SECONDS[unit] ?? 1);
  }

  const isEmpty = (text) => text === "" || /^[\u2013\u2014-]$/.test(text) || text === "trains nothing";

  /** Rows that stay together: a run, and below it its record. */
  function groupsOf(body) {
    const groups = [];
    for (const row of body.rows) {
      if (row.classList.contains("tapnb-record")) groups.at(-1).push(row);
      else groups.push([row]);
    }
    return groups;
  }

  function sorted(groups, column, descending) {
    const texts = new Map(groups.map((group) => [group, group[0].cells[column]?.textContent.trim() ?? ""]));
    const numeric = [...texts.values()].every((text) => isEmpty(text) || !Number.isNaN(numberOf(text)));
    const order = (a, b) => numeric ? numberOf(a) - numberOf(b) : collator.compare(a, b);
    return [...groups].sort((one, other) => {
      const [a, b] = [texts.get(one), texts.get(other)];
      if (isEmpty(a) || isEmpty(b)) return isEmpty(a) - isEmpty(b);  // what is not there comes last, either way
      return descending ? order(b, a) : order(a, b);
    });
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    const published = groupsOf(body);
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      if (heading.querySelector(".visually-hidden")) return;  // names the rows to those who hear it; nothing to press
      const button = document.createElement("button");
      button.type = "button";
      button.append(...(heading.querySelector("p") ?? heading).childNodes);
      button.title = `Sort by ${button.textContent.trim()}`;
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[heading.getAttribute("aria-sort")];
        const order = next === undefined ? "ascending" : next;
        for (const other of headings) other.removeAttribute("aria-sort");
        if (order) heading.setAttribute("aria-sort", order);
        body.append(...(order ? sorted(published, column, order === "descending") : published).flat());
      });
      heading.replaceChildren(button);
    });
  }

  /** Whether a table of pandas has one heading for each cell of a row. */
  function isPlain(table) {
    const widths = new Set([...table.rows].map((row) => row.cells.length));
    return table.tHead?.rows.length === 1 && table.tBodies[0].rows.length > 0 && widths.size === 1
      && ![...table.querySelectorAll("th, td")].some((cell) => cell.colSpan > 1 || cell.rowSpan > 1);
  }

  /** A link below the table that saves it: it holds the file, and so works from a disk. */
  function addFile(table, number) {
    const quoted = (cell) => `"${cell.textContent.trim().replaceAll('"', '""')}"`;
    const lines = [...table.rows].map((row) => [...row.cells].map(quoted).join(","));
    const link = document.createElement("a");
    link.className = "tapnb-csv";
    link.download = `${location.pathname.split("/").at(-1).replace(".html", "")}-${number}.csv`;
    link.title = "Save this table as a file";
    link.href = `data:text/csv;charset=utf-8,${encodeURIComponent(lines.join("\n") + "\n")}`;
    link.textContent = "CSV";
    const line = document.createElement("p");
    line.className = "tapnb-source";
    line.append(link);
    table.closest(".output").after(line);
  }

  addEventListener("DOMContentLoaded", () => {
    [...document.querySelectorAll(".cell_output .output table.dataframe")].filter(isPlain).forEach((table, index) => {
      addFile(table, index + 1);
      table.classList.add("tapnb-sortable");
    });
    document.querySelectorAll("table.tapnb-sortable").forEach(makeSortable);
  });
})();
