// Numbers can be copied; the table of runs can be searched. Without this script all of it stands there, whole.
// No module: browsers load modules from a server only, and the book is read from a folder as well.
(() => {
  "use strict";

  // ---- numbers -------------------------------------------------------------------------------------------------------

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Where the page may not use the clipboard: the old way, through a selection.
      const field = document.createElement("textarea");
      field.value = text;
      field.style.position = "fixed";
      field.style.opacity = "0";
      document.body.append(field);
      field.select();
      const copied = document.execCommand("copy");
      field.remove();
      return copied;
    }
  }

  /** A button behind every line to be cited, which copies that line with the number's own address. */
  function addCopyButtons() {
    for (const line of document.querySelectorAll(".tapnb-number-place .tapnb-cite")) {
      const place = line.closest(".tapnb-number-place");
      const text = line.textContent.trim();
      const key = place.querySelector("code").textContent;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tapnb-copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy ${key} with its source`);
      button.addEventListener("click", async () => {
        const copied = await copy(`${text} ${location.href.split("#")[0]}#${place.id}`);
        button.focus();
        button.textContent = copied ? "Copied" : "Not allowed here";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      line.append(button);
    }
  }

  // ---- runs ----------------------------------------------------------------------------------------------------------

  /** A run is two rows: its line, and below it its record. They stay together. */
  function runsOf(body) {
    return [...body.querySelectorAll("tr.tapnb-run")].map((line) => ({ line, record: line.nextElementSibling }));
  }

  /** A field that keeps the runs in whose line or record all of its words stand. */
  function makeSearchable(table) {
    const runs = runsOf(table.tBodies[0]);
    const texts = new Map(runs.map((run) => [run, `${run.line.textContent} ${run.record.textContent}`.toLowerCase()]));
    const label = document.createElement("label");
    label.textContent = "Search runs and their records ";
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "hela A1";
    label.append(field);
    const count = document.createElement("output");
    const show = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const run of runs) {
        const fits = words.every((word) => texts.get(run).includes(word));
        run.line.hidden = run.record.hidden = !fits;
        shown += fits;
      }
      count.textContent = `${shown} of ${runs.length} runs`;
    };
    field.addEventListener("input", show);
    show();
    const line = document.createElement("div");
    line.className = "tapnb-search";
    line.append(label, count);
    (table.closest(".tapnb-scroll") || table).before(line);
    return () => { field.value = ""; show(); };
  }

  /** A link to a run shows it, whatever was searched for, with its record open. */
  function followLinks(showAll) {
    const open = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!target?.matches("tr.tapnb-run")) return;
      if (target.hidden) showAll();
      target.nextElementSibling.querySelector("details").open = true;
      target.scrollIntoView();
    };
    addEventListener("hashchange", open);
    open();
  }

  /** A link to what stands in a closed box opens it. */
  function openBoxes() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const box = target?.parentElement?.closest("details");
    if (!box) return;
    box.open = true;
    target.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", () => {
    openBoxes();
    addEventListener("hashchange", openBoxes);
    addCopyButtons();
    for (const table of document.querySelectorAll("table.tapnb-runs")) followLinks(makeSearchable(table));
  });
})();
