/** The panel of one product: its pictures, its metadata, and why it matched. */

import { openModal } from "../lib/dialog.js";
import { h, pressOnly, renderIcon } from "../lib/dom.js";
import { formatNumber, t } from "../lib/i18n.js";
import { renderPicture, setPicture } from "../lib/pictures.js";
import { linkTo } from "../lib/router.js";
import { formatPrice, formatScore, searchSimilar } from "./card.js";
import { formatField, formatValue } from "./filters.js";
import { renderPreferenceButtons } from "./preferencebuttons.js";

const TWO_DIGITS = { maximumFractionDigits: 2 };

/**
 * @param {any} product  as the API returns it
 * @param {{explain?: any, onclose: () => void}} options  `explain` comes from the response: weights and candidates
 */
export function openDetails(product, { explain, onclose }) {
  return openModal({
    title: product.name,
    kind: "details",
    onclose,
    content: h("div.sheet", renderGallery(product), renderFacts(product, explain)),
  });
}

function renderGallery(product) {
  const name = product.name;
  const mainPicture = renderPicture(product.images[0] ?? product.image_url, { size: 640, alt: name });
  const firstUrl = product.image_url ?? product.images[0];
  if (firstUrl) setPicture(mainPicture, firstUrl, 640);
  const thumbnails = product.images.map((url, index) => {
    const button = h("button.thumb", {
      "aria-label": t("details.picture", { count: index + 1 }),
      "aria-pressed": String(url === firstUrl),
      onclick: () => { setPicture(mainPicture, url, 640); pressOnly(button); },
    }, renderPicture(url, { size: 160 }));
    return button;
  });
  return h("div.gallery", h("div.plate", mainPicture), thumbnails.length > 1 && h("div.thumbs", thumbnails));
}

function renderFacts(product, explain) {
  return h("div.stack", {},
    formatPrice(product) && h("p.price.number", formatPrice(product)),
    product.description && h("p", product.description),
    h("div.row", h("button.primary", { onclick: () => searchSimilar(product) }, renderIcon("similar"), t("similar.short")), renderPreferenceButtons(product.id)),
    renderMetadata(product),
    product.explain && renderExplanation(product, explain),
    product.near_duplicates?.length > 0 && h("p.small.muted", t("details.duplicates"), product.near_duplicates.map((id) => [" ", h("a", { href: linkTo("search", { like: product.id, item: id }) }, id)])));
}

function renderMetadata(product) {
  const rows = [[t("details.id"), product.id], ...Object.entries(product.metadata).map(([field, value]) => [formatField(field), formatMetadata(value)])];
  return h("dl.metadata", rows.map(([name, value]) => h("div", h("dt", name), h("dd", value))));
}

function formatMetadata(value) {
  if (Array.isArray(value)) return value.map(formatMetadata).join(", ");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : formatValue(value ?? "–");
}

/** Renders the similarity by each view (pictures, description, words), and its weight. */
function renderExplanation(product, explain) {
  const views = Object.entries(product.explain);
  return h("section.why", h("h3", t("why")),
    h("p.small.muted", t("why.score", { score: formatScore(product.score) })),
    views.map(([view, { rank, similarity }]) => h("div.view", {},
      h("span", t(`why.${view}`)),
      view === "lexical" ? h("span") : renderMeter(similarity, t(`why.${view}`)),
      h("span.number.small.muted", t("why.detail", { similarity: formatNumber(similarity, TWO_DIGITS), rank: formatNumber(rank) }), formatWeight(explain, view)))));
}

function renderMeter(similarity, label) {
  return h("span.meter", { role: "img", "aria-label": `${label}: ${formatNumber(similarity, TWO_DIGITS)}` },
    h("span", { style: { width: `${Math.max(0, Math.min(1, similarity)) * 100}%` } }));
}

function formatWeight(explain, view) {
  const weight = explain?.weights?.[view];
  return weight === undefined ? "" : ` · ${t("why.weight", { weight: formatNumber(weight, TWO_DIGITS) })}`;
}
