/** Modal dialogs on the browser's own <dialog>: it keeps the focus inside and gives it back. */

import { h, iconButton } from "./dom.js";
import { t } from "./i18n.js";

let counter = 0;

/**
 * Opens a dialog with a form in it: Enter is the primary action, Escape and the cross dismiss it.
 * @param {{title: string, body: any, actions: {label: string, value: any, primary?: boolean}[]}} given
 * @returns {Promise<any>} the value of the action taken, null when it was dismissed
 */
export function dialog({ title, body, actions }) {
  return new Promise((resolve) => {
    let answer = null;
    const buttons = actions.map((action) =>
      h(action.primary ? "button.primary" : "button", {
        type: action.primary ? "submit" : "button",
        onclick: action.primary ? null : () => { answer = action.value; box.close(); },
      }, action.label),
    );
    const form = h("form", {
      method: "dialog",
      onsubmit: () => { answer = actions.find((action) => action.primary)?.value ?? null; },
    }, body, h("div.actions", {}, buttons));
    const box = modal({ title, content: form, onclose: () => resolve(answer) });
  });
}

/** A dialog with whatever in it, open; it is removed when it closes. */
export function modal({ title, content, onclose = () => {}, kind = "" }) {
  const id = `dialog-${(counter += 1)}`;
  const box = h("dialog", { "aria-labelledby": id, class: kind },
    h("header", {}, h("h2", { id }, title), iconButton("close", t("close"), { onclick: () => box.close() })),
    content);
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); }); // its backdrop
  box.addEventListener("close", () => { box.remove(); onclose(); });
  document.body.append(box);
  box.showModal();
  return box;
}
