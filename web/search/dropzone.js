/** Accepts pictures that are pasted, or dropped anywhere on the page. */

/** @param {HTMLElement} zone  highlighted while files are dragged  @param {(files: File[]) => void} onFiles */
export function acceptPictures(zone, onFiles, signal) {
  const listen = (name, handler) => addEventListener(name, handler, { signal });
  let depth = 0; // dragenter and dragleave fire for every element on the way
  const highlight = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("dropping", depth > 0);
  };
  listen("dragenter", (event) => { if (hasFiles(event)) highlight(1); });
  listen("dragleave", (event) => { if (hasFiles(event)) highlight(-1); });
  listen("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  listen("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    highlight(0);
    deliver([...event.dataTransfer.files], onFiles);
  });
  listen("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) event.preventDefault();
    deliver(files, onFiles);
  });
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

/** Passes on files of any type: the app says which formats it supports. */
function deliver(files, onFiles) {
  if (files.length > 0) onFiles(files);
}
