// English names of values that stay romanised Vietnamese in messages (docs/glossary.md).

/** Classes of a registration (Điều 13.2.a). */
export const ORDINARY = 'thuong';
export const SUDDEN = 'dot_xuat';
export const EMERGENCY = 'khan_cap';
/** The kind of a slot before the official one. */
export const REHEARSAL = 'tong_duyet';
/** A purpose, a kind of meeting or a support that is none of the listed ones. */
export const OTHER = 'khac';
