/** The moment of all fixtures: Friday, 20 November 2026, 14:32. */
export const now = "2026-11-20T14:32:00.000Z";

/** A moment of that Friday: `at("14:31")`, `at("09:04:12")`. */
export const at = (time: string): string => `2026-11-20T${time.length === 5 ? `${time}:00` : time}.000Z`;

/** A moment relative to now, in seconds. */
export const inSeconds = (seconds: number): string => new Date(Date.parse(now) + seconds * 1_000).toISOString();
