//! Valid component documents to begin with.

use deedbook_model::document::Syntax;

macro_rules! samples {
    ($($file:literal $syntax:ident,)*) => {
        &[$((
            include_str!(concat!("../../../../tests/compat/samples/components/valid/", $file)),
            Syntax::$syntax,
        ),)*]
    };
}

/// Their texts, in an order in which each finds what it depends on.
pub(super) const SAMPLES: &[(&str, Syntax)] = samples! {
    "01_validator_minimal.yaml" Yaml,
    "02_validator_full.yaml" Yaml,
    "03_tool_minimal.json" Json,
    "04_tool_full_with_hash.json" Json,
    "05_test_case.yaml" Yaml,
    "06_task.yaml" Yaml,
    "07_service.json" Json,
    "11_text_split_0_3_1.json" Json,
    "08_line_index_1_0_0.yaml" Yaml,
    "09_line_index_1_2_0.yaml" Yaml,
    "10_line_index_2_0_0_rc_1.yaml" Yaml,
    "12_md_lint_1_0_0.yaml" Yaml,
    "13_doc_gate_2_1_0_canary.yaml" Yaml,
    "14_deprecated.yaml" Yaml,
    "15_profile_0_1_stamped.yaml" Yaml,
    "16_profile_0_2_draft.yaml" Yaml,
};
