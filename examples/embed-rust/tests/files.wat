;; A plugin that wants files.
(component
  (import "wasi:filesystem/preopens@0.2.6" (instance (export "get-directories" (func)))))
