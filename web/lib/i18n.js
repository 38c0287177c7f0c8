/** The texts of the page in the reader's language: the one chosen here, else the browser's. Only that one is loaded. */

export const LANGUAGES = { en: "English", fr: "Français" };

let currentLanguage = detectLanguage();
let messages = await loadMessages(currentLanguage);

export function getLanguage() {
  return currentLanguage;
}

/** Switches the language; what is already on the page stays as it is. */
export async function setLanguage(name) {
  messages = await loadMessages(name);
  currentLanguage = name;
  localStorage.setItem("lang", currentLanguage);
}

/**
 * Translates a message.
 * @param {string} key  a key of lang/*.js
 * @param {Record<string, any>} [values]  values for each {name} in the message; `count` chooses singular or plural
 */
export function t(key, values = {}) {
  let message = messages[key] ?? key;
  if (typeof message === "object") message = message[new Intl.PluralRules(currentLanguage).select(values.count)] ?? message.other;
  return message.replace(/\{(\w+)\}/g, (whole, name) => formatValue(values[name] ?? whole));
}

/** Says whether there is a message; fields of the shop's own have none. */
export function hasMessage(key) {
  return key in messages;
}

export function formatNumber(value, options = {}) {
  return new Intl.NumberFormat(currentLanguage, options).format(value);
}

/** @param {string | number | Date} value */
export function formatDate(value) {
  return new Intl.DateTimeFormat(currentLanguage, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
}

/** @param {string} [currency]  ISO 4217, if the product has one */
export function formatMoney(value, currency) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  if (!/^[A-Z]{3}$/.test(currency ?? "")) return formatNumber(value, digits);
  return formatNumber(value, { style: "currency", currency });
}

async function loadMessages(name) {
  const parts = await Promise.all([import(`../lang/${name}.js`), import(`../lang/${name}-views.js`)]);
  return Object.assign({}, ...parts.map((part) => part.default));
}

function formatValue(value) {
  return typeof value === "number" ? formatNumber(value) : String(value);
}

function detectLanguage() {
  const preferred = [localStorage.getItem("lang"), ...navigator.languages].filter(Boolean);
  return preferred.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? "en";
}
