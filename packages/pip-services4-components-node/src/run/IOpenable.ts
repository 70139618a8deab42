import type { IContext } from '../context/IContext';
import type { IClosable } from './IClosable';

export interface IOpenable extends IClosable {
    isOpen(): boolean;
    open(context: IContext | null): Promise<void>;
}
