import type { IContext } from '../context/IContext';

/** A component with resources to release. */
export interface IClosable {
    close(context: IContext | null): Promise<void>;
}
