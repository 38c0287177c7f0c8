/** Pictures dropped anywhere on the page, or pasted, are searched with. */

/** @param {HTMLElement} zone  is lit while something is dragged  @param {(files: File[]) => void} take */
export function dropZone(zone, take, signal) {
  const on = (name, handler) => addEventListener(name, handler, { signal });
  let depth = 0; // enter and leave come for every element on the way
  const light = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("dropping", depth > 0);
  };
  on("dragenter", (event) => { if (hasFiles(event)) light(1); });
  on("dragleave", (event) => { if (hasFiles(event)) light(-1); });
  on("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  on("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    light(0);
    give([...event.dataTransfer.files], take);
  });
  on("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) event.preventDefault();
    give(files, take);
  });
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

/** What is no picture at all is let through: the app says which formats it knows. */
function give(files, take) {
  if (files.length > 0) take(files);
}
