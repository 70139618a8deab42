/** The longest delay of a timer. Node.js fires a timer with a longer delay at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
