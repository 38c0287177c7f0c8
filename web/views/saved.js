/** The Saved view: the user's saved searches and preferences. */

import { del, get, post, put } from "../lib/api.js";
import { confirm } from "../lib/dialog.js";
import { h, renderField, renderIcon, renderIconButton, replace } from "../lib/dom.js";
import { askForName, getName } from "../lib/identity.js";
import { formatDate, t } from "../lib/i18n.js";
import { renderEmpty, renderError, renderLoading, showError, showNotice } from "../lib/notice.js";
import { getLastSearch, go, linkTo } from "../lib/router.js";
import { buildRequest } from "../search/request.js";

export const title = "nav.saved";

const AS_USER = { user: true };
const MODES = ["auto", "image", "text", "lexical"];
const LIMITS = [6, 12, 24, 48];

export function render(container, params, signal) {
  const view = new SavedView(signal);
  replace(container, view.element);
  view.show(params.get("save") === "1");
}

class SavedView {
  constructor(signal) {
    this.options = { ...AS_USER, signal };
    this.searches = h("section.stack", { "aria-labelledby": "saved-searches" }, renderLoading());
    this.preferences = h("section.stack", { "aria-labelledby": "saved-preferences" }, renderLoading());
    this.userRow = h("div.row");
    this.element = h("div.stack.work", { dataset: { view: "saved" } }, h("h1", t("nav.saved")), this.userRow, this.searches, this.preferences);
  }

  async show(withForm) {
    await this.fillSection(this.searches, async () => this.showSearches(withForm && buildRequest(getLastSearch())));
    await this.fillSection(this.preferences, async () => this.showPreferences());
    replace(this.userRow, getName() && [h("span.muted", t("saved.user", { name: getName() })), h("button.quiet", { onclick: () => this.switchUser() }, t("saved.switch"))]);
  }

  async fillSection(section, fill) {
    try {
      await fill();
    } catch (error) {
      if (!this.options.signal.aborted) replace(section, renderError(error, () => this.show(false)));
    }
  }

  async switchUser() {
    if (await askForName()) this.show(false);
  }

  async showSearches(request) {
    const { saved_searches: searches } = await get("saved-searches", {}, this.options);
    const rows = [...searches].reverse().map((saved) => this.renderSearch(saved));
    replace(this.searches, h("h2", { id: "saved-searches" }, t("saved.searches")), request && this.renderForm(request),
      rows.length ? h("ul.saved", rows) : renderEmpty(t("saved.none"), t("saved.none.text"), h("a.button", { href: linkTo("search") }, t("nav.search"))));
    this.searches.querySelector("form input")?.focus();
  }

  renderForm(request) {
    const input = h("input", { type: "text", required: true, maxlength: 100, id: "save-name", value: request.body.query ?? "" });
    const save = async (event) => {
      event.preventDefault();
      try {
        await post("saved-searches", { name: input.value.trim(), type: request.type, search: request.body }, this.options);
        showNotice(t("saved.done"));
        go("saved", {}, { replace: true });
      } catch (error) {
        showError(error);
      }
    };
    return h("form.card.stack", { onsubmit: save }, renderField(t("saved.name"), input),
      h("div.row", h("button.primary", { type: "submit" }, renderIcon("saved"), t("search.save")), h("a", { href: linkTo("saved") }, t("cancel"))));
  }

  renderSearch(saved) {
    const link = linkTo("search", { saved: saved.id, name: saved.name });
    return h("li.card.row", { dataset: { saved: saved.id } },
      h("div.grow", h("h3", h("a", { href: link }, saved.name)), h("p.small.muted", [saved.search.query, formatDate(saved.created)].filter(Boolean).join(" · "))),
      h("a.button", { href: link }, renderIcon("play"), t("saved.run")),
      renderIconButton("trash", t("saved.delete", { name: saved.name }), { onclick: () => this.deleteSearch(saved) }));
  }

  async deleteSearch(saved) {
    const isConfirmed = await confirm({ title: t("saved.delete.title"), text: saved.name, yes: t("saved.delete.yes") });
    if (!isConfirmed) return;
    await del(`saved-searches/${saved.id}`, this.options).catch(showError);
    this.fillSection(this.searches, () => this.showSearches(null));
  }

  async showPreferences() {
    const preferences = await get("preferences", {}, this.options);
    const save = (change) => this.savePreferences({ ...preferences, ...change });
    replace(this.preferences, h("h2", { id: "saved-preferences" }, t("prefer.title")), h("p.muted", t("prefer.text")),
      h("div.card.stack", {},
        renderSelect(t("prefer.limit"), LIMITS, preferences.limit, (text) => save({ limit: text ? Number(text) : null })),
        renderSelect(t("prefer.mode"), MODES, preferences.mode, (text) => save({ mode: text || null }), (mode) => t(`prefer.mode.${mode}`)),
        this.renderMarkedProducts("liked", preferences), this.renderMarkedProducts("hidden", preferences)));
  }

  renderMarkedProducts(mark, preferences) {
    const ids = preferences[mark] ?? [];
    const renderChip = (id) => h("button.chip", { "aria-label": t("prefer.remove", { id }), onclick: () => this.unmark(mark, id) }, id, renderIcon("close"));
    return h("div.stack", h("h3", t(`prefer.${mark}`)), ids.length ? h("div.row", ids.map(renderChip)) : h("p.small.muted", t(`prefer.${mark}.none`)));
  }

  async unmark(mark, id) {
    await del(`preferences/${mark}/${encodeURIComponent(id)}`, this.options).catch(showError);
    this.fillSection(this.preferences, () => this.showPreferences());
  }

  async savePreferences(preferences) {
    const body = Object.fromEntries(Object.entries(preferences).filter(([, value]) => value !== null));
    try {
      await put("preferences", body, this.options);
      showNotice(t("prefer.saved"));
    } catch (error) {
      showError(error);
    }
    this.fillSection(this.preferences, () => this.showPreferences());
  }
}

function renderSelect(label, values, selected, onSelect, format = (value) => String(value)) {
  const select = h("select", { onchange: () => onSelect(select.value) }, h("option", { value: "" }, t("prefer.default")),
    values.map((value) => h("option", { value, selected: value === selected }, format(value))));
  return renderField(label, select);
}
