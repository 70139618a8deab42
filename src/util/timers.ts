/** The longest delay of a timer. A longer one fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
