// Texts of spans may hold characters that deceive the eye.
// @ts-check

/** legible shows characters that would turn the order of letters round, or that cannot be seen. @param {string} text */
export const legible = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
