export interface IUnreferenceable {
    unsetReferences(): void;
}
