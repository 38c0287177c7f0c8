/** What the page says, in the reader's language: the one chosen here, else the browser's. Only that one is loaded. */

export const LANGUAGES = { en: "English", fr: "Français" };

let chosen = firstLanguage();
let messages = await messagesIn(chosen);

export function language() {
  return chosen;
}

/** From then on everything is said in it; what was said before stays as it is. */
export async function setLanguage(name) {
  messages = await messagesIn(name);
  chosen = name;
  localStorage.setItem("lang", chosen);
}

/**
 * @param {string} key  of lang/*.js
 * @param {Record<string, any>} [values]  for {name} in the message; `count` chooses singular or plural
 */
export function t(key, values = {}) {
  let message = messages[key] ?? key;
  if (typeof message === "object") message = message[new Intl.PluralRules(chosen).select(values.count)] ?? message.other;
  return message.replace(/\{(\w+)\}/g, (whole, name) => shown(values[name] ?? whole));
}

/** Whether there is such a message: for words of the shop's own, such as the names of its fields. */
export function has(key) {
  return key in messages;
}

export function number(value, options = {}) {
  return new Intl.NumberFormat(chosen, options).format(value);
}

/** @param {string | number | Date} value */
export function date(value) {
  return new Intl.DateTimeFormat(chosen, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
}

/** A price; `currency` (ISO 4217) is what the product says, if it does. */
export function money(value, currency) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  if (!/^[A-Z]{3}$/.test(currency ?? "")) return number(value, digits);
  return number(value, { style: "currency", currency });
}

async function messagesIn(name) {
  const parts = await Promise.all([import(`../lang/${name}.js`), import(`../lang/${name}-views.js`)]);
  return Object.assign({}, ...parts.map((part) => part.default));
}

function shown(value) {
  return typeof value === "number" ? number(value) : String(value);
}

function firstLanguage() {
  const wished = [localStorage.getItem("lang"), ...navigator.languages].filter(Boolean);
  return wished.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? "en";
}
