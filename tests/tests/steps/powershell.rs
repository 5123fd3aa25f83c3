//! `install.ps1`: PowerShell itself is not at hand, so a grammar of it reads the script.

use std::fs;
use std::path::Path;

use azure_oidc_tests::Job;

/// Prints the lines of the faults that the grammar finds on standard input.
const SCRIPT: &str = "\
import sys, tree_sitter, tree_sitter_powershell
language = tree_sitter.Language(tree_sitter_powershell.language())
def visit(node):
    if node.is_error or node.is_missing: print('line', node.start_point[0] + 1)
    for child in node.children: visit(child)
visit(tree_sitter.Parser(language).parse(sys.stdin.buffer.read()).root_node)
";

/// The lines of the faults in a script; empty where there are none.
pub(crate) fn faults(text: &str) -> String {
    Job::program(&crate::setup::tools().join("python")).args(&["-c", SCRIPT]).input(text).run().expect(0).stdout
}

#[test]
fn the_grammar_of_powershell_reads_the_installer() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../install.ps1")).expect("it is text");
    assert_eq!(faults(&text), "");
    // It finds faults where there are some.
    assert_ne!(faults(&text.replacen("} finally {", "finally {", 1)), "");
}
