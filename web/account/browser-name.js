// The name of a browser and its system, from what it calls itself (User-Agent, RFC 9110 §10.1.5). Pure, for the list of
// sign-ins.

/** In this order: a browser names also those that it descends from. @type {[RegExp, string][]} */
const BROWSERS = [[/\bEdg(?:A|iOS)?\//, 'Edge'], [/\bOPR\//, 'Opera'], [/\bCocCoc|coc_coc_browser/, 'Cốc Cốc'], [/\b(?:Firefox|FxiOS)\//, 'Firefox'], [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'], [/\bSafari\//, 'Safari']];
/** @type {[RegExp, string][]} */
const SYSTEMS = [[/\bAndroid\b/, 'Android'], [/\b(?:iPad|iPhone)\b/, 'iOS'], [/\bWindows\b/, 'Windows'], [/\bMac OS X\b/, 'macOS'], [/\bCrOS\b/, 'ChromeOS'], [/\bLinux\b/, 'Linux']];

/** @param {[RegExp, string][]} names @param {string} agent */
const found = (names, agent) => names.find(([pattern]) => pattern.test(agent))?.[1] ?? '';

/** Return browser and system in a few words, `Chrome, Windows`; what is known of neither is cut. @param {string} agent */
export const browserName = agent => [found(BROWSERS, agent), found(SYSTEMS, agent)].filter(Boolean).join(', ') || agent.slice(0, 40);
