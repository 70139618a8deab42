/** The wire protocol of this run, or undefined to let the client choose. See jest.config.js. */
export const testProtocol = process.env.TEST_PROTOCOL as 'meta' | undefined;
