/** Elements without HTML: text goes in as text, so nothing that a catalogue says is ever parsed. */

import { PATHS } from "./icons.js";

/**
 * @param {string} tag  a name and classes: "button.primary"
 * @param {Record<string, any>} [props]  attributes, on… handlers, `dataset`, `class`, `style` (an object)
 * @param {...any} children  nodes and strings; null, undefined and false are left out
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.classList.add(...classes);
  for (const [key, value] of Object.entries(props)) set(element, key, value);
  element.append(...present(children));
  return element;
}

/** Puts other children into an element. */
export function replace(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/** A small picture that says nothing to a screen reader: the words beside it do. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of PATHS[name]) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A button that shows an icon only; its label is read out and shown as a tooltip. */
export function iconButton(name, label, props = {}) {
  return h("button.icon-button", { type: "button", "aria-label": label, title: label, ...props }, icon(name));
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "class") value.split(" ").filter(Boolean).forEach((each) => element.classList.add(each));
  else if (key === "dataset") Object.assign(element.dataset, value);
  else if (key === "style") for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
  else if (key === "value" && "value" in element) element.value = value;
  else element.setAttribute(key, value === true ? "" : value);
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
