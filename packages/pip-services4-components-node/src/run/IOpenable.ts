import type { IContext } from '../context/IContext';
import type { IClosable } from './IClosable';

/** A component that opens before use, and closes after it. */
export interface IOpenable extends IClosable {
    isOpen(): boolean;
    open(context: IContext | null): Promise<void>;
}
