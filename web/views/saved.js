/** What belongs to whoever searches: saved searches, and what every search of theirs starts from. */

import { del, get, post, put } from "../lib/api.js";
import { dialog } from "../lib/dialog.js";
import { h, icon, iconButton, replace } from "../lib/dom.js";
import { askForName, name } from "../lib/identity.js";
import { date, t } from "../lib/i18n.js";
import { emptyState, errorState, loading, notice } from "../lib/notice.js";
import { go, href, lastSearch } from "../lib/router.js";
import { requestOf } from "../search/request.js";

export const title = "nav.saved";

const MINE = { user: true };
const MODES = ["auto", "image", "text", "lexical"];
const LIMITS = [6, 12, 24, 48];

export function render(container, params, signal) {
  const view = new Saved(signal);
  replace(container, view.element);
  view.show(params.get("save") === "1");
}

class Saved {
  constructor(signal) {
    this.options = { ...MINE, signal };
    this.searches = h("section.stack", { "aria-labelledby": "saved-searches" }, loading());
    this.preferences = h("section.stack", { "aria-labelledby": "saved-preferences" }, loading());
    this.who = h("div.row");
    this.element = h("div.stack.work", { dataset: { view: "saved" } }, h("h1", {}, t("nav.saved")), this.who, this.searches, this.preferences);
  }

  async show(withForm) {
    await this.part(this.searches, async () => this.showSearches(withForm && requestOf(lastSearch())));
    await this.part(this.preferences, async () => this.showPreferences());
    replace(this.who, name() && h("span.muted", {}, t("saved.of", { name: name() })), name() && h("button.quiet", { type: "button", onclick: () => this.other() }, t("saved.other")));
  }

  async part(place, fill) {
    try {
      await fill();
    } catch (error) {
      if (!this.options.signal.aborted) replace(place, errorState(error, () => this.show(false)));
    }
  }

  async other() {
    if (await askForName()) this.show(false);
  }

  async showSearches(request) {
    const { saved_searches: found } = await get("saved-searches", {}, this.options);
    const rows = [...found].reverse().map((each) => this.search(each));
    replace(this.searches, h("h2", { id: "saved-searches" }, t("saved.searches")), request && this.form(request),
      rows.length ? h("ul.saved", {}, rows) : emptyState(t("saved.none"), t("saved.none.text"), h("a.button", { href: href("search") }, t("nav.search"))));
    this.searches.querySelector("form input")?.focus();
  }

  form(request) {
    const input = h("input", { type: "text", required: true, maxlength: 100, id: "save-name", value: request.body.query ?? "" });
    const save = async (event) => {
      event.preventDefault();
      try {
        await post("saved-searches", { name: input.value.trim(), type: request.type, search: request.body }, this.options);
        notice(t("saved.is_saved"));
        go("saved", {}, { replace: true });
      } catch (error) {
        notice(error.message, { kind: "error" });
      }
    };
    return h("form.card.stack", { onsubmit: save }, h("label.field", {}, h("span", {}, t("saved.name")), input),
      h("div.row", {}, h("button.primary", { type: "submit" }, icon("saved"), t("search.save")), h("a", { href: href("saved") }, t("cancel"))));
  }

  search(each) {
    const run = href("search", { saved: each.id, name: each.name });
    return h("li.card.row", { dataset: { saved: each.id } },
      h("div.grow", {}, h("h3", {}, h("a", { href: run }, each.name)), h("p.small.muted", {}, [each.search.query, date(each.created)].filter(Boolean).join(" · "))),
      h("a.button", { href: run }, icon("play"), t("saved.run")),
      iconButton("trash", t("saved.delete", { name: each.name }), { onclick: () => this.remove(each) }));
  }

  async remove(each) {
    const sure = await dialog({
      title: t("saved.delete.title"),
      body: h("p", {}, each.name),
      actions: [{ label: t("cancel"), value: null }, { label: t("saved.delete.yes"), value: true, primary: true }],
    });
    if (!sure) return;
    await del(`saved-searches/${each.id}`, this.options).catch((error) => notice(error.message, { kind: "error" }));
    this.part(this.searches, () => this.showSearches(null));
  }

  async showPreferences() {
    const found = await get("preferences", {}, this.options);
    const keep = (change) => this.keep({ ...found, ...change });
    replace(this.preferences, h("h2", { id: "saved-preferences" }, t("prefer.title")), h("p.muted", {}, t("prefer.text")),
      h("div.card.stack", {},
        choice(t("prefer.limit"), LIMITS, found.limit, (text) => keep({ limit: text ? Number(text) : null })),
        choice(t("prefer.mode"), MODES, found.mode, (text) => keep({ mode: text || null }), (mode) => t(`prefer.mode.${mode}`)),
        this.marked("liked", found), this.marked("hidden", found)));
  }

  marked(mark, found) {
    const ids = found[mark] ?? [];
    const chip = (id) => h("button.chip", { type: "button", "aria-label": t("prefer.unmark", { id }), onclick: () => this.unmark(mark, id) }, id, icon("close"));
    return h("div.stack", {}, h("h3", {}, t(`prefer.${mark}`)), ids.length ? h("div.row", {}, ids.map(chip)) : h("p.small.muted", {}, t(`prefer.${mark}.none`)));
  }

  async unmark(mark, id) {
    await del(`preferences/${mark}/${encodeURIComponent(id)}`, this.options).catch((error) => notice(error.message, { kind: "error" }));
    this.part(this.preferences, () => this.showPreferences());
  }

  async keep(preferences) {
    const said = Object.fromEntries(Object.entries(preferences).filter(([, value]) => value !== null));
    try {
      await put("preferences", said, this.options);
      notice(t("prefer.kept"));
    } catch (error) {
      notice(error.message, { kind: "error" });
    }
    this.part(this.preferences, () => this.showPreferences());
  }
}

function choice(label, values, chosen, taken, shown = (value) => String(value)) {
  const select = h("select", { onchange: () => taken(select.value) }, h("option", { value: "" }, t("prefer.default")),
    values.map((value) => h("option", { value, selected: value === chosen }, shown(value))));
  return h("label.field", {}, h("span", {}, label), select);
}
