/** What is used of RxJS. Its types come from the package: they are fetched by those who check types, not by programs. */
export { Subject } from "rxjs";
