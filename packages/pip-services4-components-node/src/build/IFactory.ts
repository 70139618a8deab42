/** A factory of components, which it finds by descriptor. */
export interface IFactory {
    /** Returns the registered locator that matches, or null. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    canCreate(locator: unknown): any;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    create(locator: unknown): any;
}
