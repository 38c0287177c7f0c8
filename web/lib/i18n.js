/** What the page says, in the reader's language: the one chosen here, else the browser's. */

import en from "../lang/en.js";
import enViews from "../lang/en-views.js";
import fr from "../lang/fr.js";
import frViews from "../lang/fr-views.js";

const MESSAGES = { en: { ...en, ...enViews }, fr: { ...fr, ...frViews } };
export const LANGUAGES = { en: "English", fr: "Français" };

let chosen = firstLanguage();

export function language() {
  return chosen;
}

export function setLanguage(name) {
  chosen = name in MESSAGES ? name : "en";
  localStorage.setItem("lang", chosen);
}

/**
 * @param {string} key  of lang/*.js
 * @param {Record<string, any>} [values]  for {name} in the message; `count` chooses singular or plural
 */
export function t(key, values = {}) {
  let message = MESSAGES[chosen][key] ?? MESSAGES.en[key] ?? key;
  if (typeof message === "object") message = message[new Intl.PluralRules(chosen).select(values.count)] ?? message.other;
  return message.replace(/\{(\w+)\}/g, (whole, name) => shown(values[name] ?? whole));
}

/** Whether there is such a message: for words of the shop's own, such as the names of its fields. */
export function has(key) {
  return key in MESSAGES[chosen];
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

function shown(value) {
  return typeof value === "number" ? number(value) : String(value);
}

function firstLanguage() {
  const wished = [localStorage.getItem("lang"), ...navigator.languages].filter(Boolean);
  return wished.map((tag) => tag.slice(0, 2)).find((tag) => tag in MESSAGES) ?? "en";
}
