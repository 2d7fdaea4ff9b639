"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  const list = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(list.textContent);
      button.textContent = "Copied";
    } catch {
      // Not every browser lets a local file copy; then the text is selected, for Ctrl-C.
      getSelection().selectAllChildren(list);
      button.textContent = "Selected: copy with Ctrl-C";
    }
  });
}
// On paper nothing can be unfolded.
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not([open])")) {
    folded.open = true;
    folded.dataset.wasFolded = "";
  }
});
addEventListener("afterprint", () => {
  for (const unfolded of document.querySelectorAll("details[data-was-folded]")) {
    unfolded.open = false;
    delete unfolded.dataset.wasFolded;
  }
});
