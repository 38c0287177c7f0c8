/** Builds elements without HTML: text is inserted as text, so nothing from the catalogue is ever parsed. */

import { PATHS } from "./icons.js";

/**
 * Creates an element.
 * @param {string} tag  its name and classes, such as "button.primary"
 * @param {...any} args  properties, which may be left out: attributes, on… handlers, `dataset`, `class`, `style` (an
 *   object); then the children, nodes and strings; null, undefined and false are skipped
 * @returns {any}
 */
export function h(tag, ...args) {
  const [name, ...classes] = tag.split(".");
  const [props, children] = args[0]?.constructor === Object ? [args[0], args.slice(1)] : [{}, args];
  const element = document.createElement(name);
  element.classList.add(...classes);
  if (name === "button") element.setAttribute("type", "button"); // it would submit its form otherwise
  for (const [key, value] of Object.entries(props)) setProperty(element, key, value);
  element.append(...dropEmpty(children));
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren(...dropEmpty(children));
  return element;
}

/** Renders an icon that screen readers skip: the text beside it says the same. */
export function renderIcon(name) {
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

export function renderIconButton(name, label, props = {}) {
  return h("button.icon-button", { "aria-label": label, title: label, ...props }, renderIcon(name));
}

export function renderField(label, input) {
  return h("label.field", h("span", label), input);
}

export function pressOnly(button) {
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
}

function setProperty(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "class") value.split(" ").filter(Boolean).forEach((className) => element.classList.add(className));
  else if (key === "dataset") Object.assign(element.dataset, value);
  else if (key === "style") for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
  else if (key === "value" && "value" in element) element.value = value;
  else element.setAttribute(key, value === true ? "" : value);
}

function dropEmpty(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
