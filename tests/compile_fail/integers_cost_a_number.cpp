// SPDX-License-Identifier: Apache-2.0
// Expect: IntegerProblem: cost.genome. takes a const std::vector<int>&

#include <hat/search/integer_problem.hpp>

#include <vector>

double sum(const std::vector<int>& x);
double of_one(int x);

const hat::search::IntegerProblem right({{0, 9}}, sum, sum);
const hat::search::IntegerProblem wrong({{0, 9}}, of_one, sum);  // wrong
