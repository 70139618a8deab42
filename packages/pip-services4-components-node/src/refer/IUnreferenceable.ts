/** A component that lets go of other components. */
export interface IUnreferenceable {
    unsetReferences(): void;
}
