//! Matching: text, paths, headers, queries and labels against what rules ask for.
