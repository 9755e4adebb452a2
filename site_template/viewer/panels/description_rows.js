/** Shows how a description was understood: one row per condition, with buttons to negate or remove it. */

import { gettext } from "../data/language.js";
import { element } from "../ui/dom.js";

/** @import { Condition } from "../data/describe.js" */

/**
 * @param {readonly Condition[]} conditions
 * @param {readonly string[]} says  meaning of each condition; empty while it is not known yet
 * @param {(condition: Condition, change: "remove" | "negate") => void} onChange
 */
export function descriptionRows(conditions, says, onChange) {
  return conditions.map((condition, index) => {
    const { label, negated, isOr } = condition;
    const said = negated ? gettext("not {label}", { label }) : label;
    const word = element(
      "button",
      { class: "said-word", type: "button", translate: "no", "aria-pressed": String(negated), "aria-label": gettext("not {label}", { label }), title: negated ? gettext("Change to: {label}", { label }) : gettext("Change to: not {label}", { label }) },
      said,
    );
    word.addEventListener("click", () => onChange(condition, "negate"));
    const remove = element("button", { class: "said-remove", type: "button", "aria-label": gettext("Remove {label}", { label: said }), title: gettext("Remove") }, "×");
    remove.addEventListener("click", () => onChange(condition, "remove"));
    const meaning = (says[index] ?? "").slice(said.length + 2);
    return element("li", { class: "said" }, ...(isOr ? [element("span", { class: "said-or" }, gettext("or"))] : []), word, element("span", { class: "said-means" }, meaning), remove);
  });
}
