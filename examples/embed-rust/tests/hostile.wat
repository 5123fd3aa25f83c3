;; A plugin that tries what it should not. The functions of a host have the names that the canonical ABI gives them; the test makes a
;; component of it with the world in hostile.wit.
(module
  (import "wasi:http/types@0.2.4" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.4" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-request.set-scheme"
    (func $set-scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-request.set-authority"
    (func $set-authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]outgoing-request.set-path-with-query"
    (func $set-path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]future-incoming-response.subscribe" (func $subscribe (param i32) (result i32)))
  (import "wasi:http/types@0.2.4" "[method]future-incoming-response.get" (func $get (param i32 i32)))
  (import "wasi:http/outgoing-handler@0.2.4" "handle" (func $handle (param i32 i32 i32 i32)))
  (import "wasi:io/poll@0.2.4" "[method]pollable.block" (func $block (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "/")
  (global $free (mut i32) (i32.const 1024))

  ;; Sends GET http://AUTHORITY/. 0 when an answer came, else 1 and the number of the `error-code`.
  (func (export "call") (param $authority i32) (param $length i32) (result i32)
    (local $request i32) (local $answer i32)
    (local.set $request (call $request (call $fields)))
    ;; some(HTTP)
    (drop (call $set-scheme (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $set-authority (local.get $request) (i32.const 1) (local.get $authority) (local.get $length)))
    (drop (call $set-path (local.get $request) (i32.const 1) (i32.const 512) (i32.const 1)))
    (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 0))
    ;; At 0 stands which case of the result it is, at 8 what belongs to it: `error-code` has 64-bit members.
    (if (i32.load8_u (i32.const 0)) (then (return (i32.add (i32.const 1) (i32.load8_u (i32.const 8))))))
    (local.set $answer (i32.load (i32.const 8)))
    (call $block (call $subscribe (local.get $answer)))
    ;; option at 0, result at 8, result at 16, response or `error-code` at 24
    (call $get (local.get $answer) (i32.const 0))
    (if (i32.load8_u (i32.const 16)) (then (return (i32.add (i32.const 1) (i32.load8_u (i32.const 24))))))
    (i32.const 0))

  ;; Computes forever.
  (func (export "spin") (loop (br 0)))

  ;; Asks for memory, in MiB.
  (func (export "hog") (param $mebibytes i32)
    (drop (memory.grow (i32.shl (local.get $mebibytes) (i32.const 4)))))

  ;; Where the host puts the text of an argument. Nothing is ever freed.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $place i32)
    (local.set $place (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $place)))
