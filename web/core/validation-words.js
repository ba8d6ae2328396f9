// Which of our own messages says what a field lacks. Pure, for validation.js.

/** @typedef {Pick<HTMLInputElement, 'type' | 'validity' | 'validationMessage' | 'title' | 'min' | 'max' | 'minLength' | 'maxLength'>} Checked */

/**
 * Return the key of the message and its arguments; null for a message that the page set itself.
 * @param {Checked} field
 * @returns {[string, ...(string | number)[]] | null}
 */
export function faultOf({type, validity, title, min, max, minLength, maxLength}) {
  if (validity.customError) return null;
  if (validity.valueMissing) return [['radio', 'select-one'].includes(type) ? 'fault.choose' : type === 'checkbox' ? 'fault.tick' : 'fault.missing'];
  if (validity.typeMismatch) return [type === 'email' ? 'fault.email' : 'fault.form'];
  if (validity.badInput) return ['fault.number'];
  if (validity.rangeUnderflow) return ['fault.least', min];
  if (validity.rangeOverflow) return ['fault.most', max];
  if (validity.stepMismatch) return ['fault.whole'];
  if (validity.tooShort) return ['fault.short', minLength];
  if (validity.tooLong) return ['fault.long', maxLength];
  return title ? ['fault.pattern', title] : ['fault.form'];
}
